export * from "./gen/dorian/worker_pb.js";
