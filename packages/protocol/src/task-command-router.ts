export * from "./gen/modal/task_command_router_pb.js";
