export * from "./gen/modal/client_pb.js";
