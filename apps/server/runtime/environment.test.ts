import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedEnvironment, kernelEnvironment } from "./environment.ts";

test("[T18] only what is on the list leaves the server's environment", () => {
  const env = {
    PATH: "/bin",
    HOME: "/h",
    LC_ALL: "C",
    SSH_AUTH_SOCK: "/s",
    OPSBOOK_SECRET_KEY: "s3cret",
    AWS_SECRET_ACCESS_KEY: "s3cret",
    NODE_OPTIONS: "--inspect",
    LD_PRELOAD: "/evil.so",
    KUBECONFIG: "/k",
    EMPTY: undefined,
  };
  assert.deepEqual(allowedEnvironment(env), { PATH: "/bin", HOME: "/h", LC_ALL: "C", SSH_AUTH_SOCK: "/s" });
  assert.equal(allowedEnvironment(env, ["KUBECONFIG"]).KUBECONFIG, "/k");
});

test("[T18] a kernel.json cannot draw in what is not allowed", () => {
  const base = { PATH: "/bin", HOME: "/h" };
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the syntax of kernel.json
  assert.deepEqual(kernelEnvironment(base, { LIB: "${HOME}/lib:${SECRET}", PATH: "/opt:${PATH}" }), {
    PATH: "/opt:/bin",
    HOME: "/h",
    LIB: "/h/lib:${SECRET}",
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the syntax of kernel.json
});
