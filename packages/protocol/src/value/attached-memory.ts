import { types } from "node:util";
import { Unsendable } from "./unsendable.ts";

/** The view, whose memory is still there. @throws Unsendable for memory that threads share, or that was transferred away */
export function attached<View extends ArrayBufferView>(view: View): View {
  if (types.isSharedArrayBuffer(view.buffer)) {
    throw new Unsendable("lies in memory that threads share", "Send a copy: array.slice().");
  }
  live(view.buffer as ArrayBuffer);
  return view;
}

/** @throws Unsendable for memory that was transferred away */
export function live(buffer: ArrayBuffer): ArrayBuffer {
  if (buffer.detached) throw new Unsendable("lies in memory that was transferred away (detached)");
  return buffer;
}
