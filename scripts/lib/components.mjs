/** Programs outside npm that tests use: what each is for, how to see that it is there, its Debian package. */
import { capture } from "./processes.mjs";
import { say } from "./project.mjs";

export const COMPONENTS = [
  { name: "chromium", check: ["chromium", "--version"], packages: ["chromium"], for: "the browser tests" },
  { name: "sshd", check: ["/usr/sbin/sshd", "-V"], anyExit: true, packages: ["openssh-server"], for: "ssh tests" },
  { name: "ssh-keygen", check: ["ssh-keygen", "-?"], anyExit: true, packages: ["openssh-client"], for: "ssh tests" },
  { name: "nginx", check: ["/usr/sbin/nginx", "-v"], packages: ["nginx-light"], for: "http and proxy tests" },
  { name: "curl", check: ["curl", "--version"], packages: ["curl"], for: "http and login tests" },
  { name: "openssl", check: ["openssl", "version"], packages: ["openssl"], for: "TLS tests" },
  { name: "git", check: ["git", "--version"], packages: ["git"], for: "notebook diff tests" },
  {
    name: "libfaketime",
    check: ["sh", "-c", "ls /usr/lib/*/faketime/libfaketime.so.1"],
    packages: ["libfaketime"],
    for: "clock tests",
  },
  { name: "strace", check: ["strace", "-V"], packages: ["strace"], for: "durability tests" },
  {
    name: "libeatmydata",
    check: ["eatmydata", "true"],
    packages: ["eatmydata"],
    for: "power cut tests",
  },
  { name: "mkfs.ext4", check: ["mkfs.ext4", "-V"], packages: ["e2fsprogs"], for: "power cut tests" },
  { name: "ps", check: ["ps", "--version"], packages: ["procps"], for: "process and terminal tests" },
  { name: "vi", check: ["vi", "--version"], anyExit: true, packages: ["vim-tiny"], for: "terminal tests" },
  {
    name: "python3 with venv",
    check: ["python3", "-c", "import ensurepip, venv"],
    packages: ["python3", "python3-venv"],
    for: "nbformat and Jupyter client tests",
  },
];

/** Installs what is missing through apt where that is possible; answers with what is still missing. */
export async function provideComponents(components = COMPONENTS) {
  const missing = await missingOf(components);
  if (missing.length === 0) return [];
  const packages = missing.flatMap((component) => component.packages);
  if (process.getuid?.() !== 0 || (await capture("apt-get", ["--version"])).code !== 0) {
    say(`Missing for the tests: ${missing.map(({ name, for: purpose }) => `${name} (${purpose})`).join(", ")}.`);
    say(`On Debian or Ubuntu: sudo apt-get install ${packages.join(" ")}`);
    return missing;
  }
  say(`Installing ${packages.join(", ")} through apt …`);
  // RUNLEVEL keeps the packages from starting their daemons: tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const lock = ["-o", "DPkg::Lock::Timeout=300", "-q"];
  await capture("apt-get", [...lock, "update"], { env });
  const install = (names) =>
    capture("apt-get", [...lock, "install", "-y", "--no-install-recommends", ...names], { env });
  if ((await install(packages)).code !== 0) {
    // apt installs all or nothing: one package that this system lacks must not cost the others.
    for (const component of missing) {
      const { code, output } = await install(component.packages);
      if (code !== 0) say(`  apt could not install ${component.name}: ${output.trim().split("\n").at(-1)}`);
    }
  }
  return missingOf(missing);
}

async function missingOf(components) {
  const present = await Promise.all(
    components.map(async ({ check: [command, ...args], anyExit }) => {
      const { code } = await capture(command, args);
      return code === 0 || (anyExit === true && code !== 127);
    }),
  );
  return components.filter((_, at) => !present[at]);
}
