export { KernelClient, type KernelHandlers, type MessageOptions } from "./client.ts";
export { type Decoded, decodeMessage, encodeMessage } from "./codec.ts";
export { type ConnectionInfo, connectionInfoSchema, endpoint } from "./connection.ts";
export {
  type ContentOf,
  contentSchemas,
  isMessageType,
  type KernelInfo,
  kernelInfoSchema,
  languageInfoSchema,
  type MessageType,
  parseContent,
} from "./content.ts";
export { JupyterError, type JupyterErrorCode } from "./error.ts";
export {
  HOST_CHANNEL_VERSION,
  HOST_COMM_ID,
  HOST_COMM_TARGET,
  type HostMessage,
  type HostMessageType,
  hostMessageSchema,
  hostOpenSchema,
} from "./host-channel.ts";
export { type JsonMessage, jsonMessageSchema, messageFromJson, messageToJson } from "./json.ts";
export {
  type Channel,
  type Header,
  type HeaderOptions,
  type JsonObject,
  type JsonValue,
  type Message,
  newHeader,
  type ParentHeader,
  PROTOCOL_VERSION,
} from "./message.ts";
export { SendQueue } from "./send-queue.ts";
