export * from "./gen/dorian/guest_pb.js";
