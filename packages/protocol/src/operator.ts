export * from "./gen/dorian/operator_pb.js";
