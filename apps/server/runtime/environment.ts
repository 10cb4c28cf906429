/** What kernels and shells see of the server's environment: a short list, so that its secrets stay its own. */

const ALLOWED = new Set([
  "PATH",
  "HOME",
  "LANG",
  "LANGUAGE",
  "TERM",
  "TZ",
  "USER",
  "LOGNAME",
  "SHELL",
  "SSH_AUTH_SOCK",
  "XDG_RUNTIME_DIR",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
]);

type Environment = Readonly<Record<string, string | undefined>>;

export function allowedEnvironment(env: Environment, extra: readonly string[] = []): Record<string, string> {
  const allowed: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (ALLOWED.has(name) || name.startsWith("LC_") || extra.includes(name)) allowed[name] = value;
  }
  return allowed;
}

/**
 * The environment of a kernel: what is allowed and what its spec sets. `${NAME}` in a spec's value stands for an
 * allowed variable. Source: jupyter_client "Kernel specs", `env`.
 */
export function kernelEnvironment(
  base: Readonly<Record<string, string>>,
  specEnv: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = { ...base };
  for (const [name, value] of Object.entries(specEnv)) {
    env[name] = value.replaceAll(/\$\{(\w+)\}/g, (whole, variable: string) => base[variable] ?? whole);
  }
  return env;
}
