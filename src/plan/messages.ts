/** The messages of the unresolved plan, in one place. Everything here is generated from proto/. */
export * from "./gen/google/rpc/error_details_pb.js";
export * from "./gen/sluice/extensions_pb.js";
export * from "./gen/spark/connect/base_pb.js";
export * from "./gen/spark/connect/catalog_pb.js";
export * from "./gen/spark/connect/commands_pb.js";
export * from "./gen/spark/connect/common_pb.js";
export * from "./gen/spark/connect/expressions_pb.js";
export * from "./gen/spark/connect/relations_pb.js";
export { type DataType as ProtoDataType, DataTypeSchema as ProtoDataTypeSchema } from "./gen/spark/connect/types_pb.js";
