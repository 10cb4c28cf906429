export { Path, type PathLike, path } from "./path.ts";
