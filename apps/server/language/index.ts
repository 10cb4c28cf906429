export { RenameRefused } from "./answers/rename.ts";
export { RpcError } from "./lsp/rpc.ts";
export type { Conversation } from "./notebook.ts";
export { TextChanged } from "./notebook.ts";
export { LanguageService } from "./service.ts";
