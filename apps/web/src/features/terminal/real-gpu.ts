const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render|microsoft basic/i;

let answer: boolean | undefined;

/** Whether WebGL runs on a graphics card. Painted in software it is several times slower than the DOM renderer. */
export function hasRealGpu(): boolean {
  answer ??= detect();
  return answer;
}

function detect(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return false;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  // A probe's context counts against the browser's limit for as long as it lives.
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return typeof name === "string" && name !== "" && !SOFTWARE.test(name);
}
