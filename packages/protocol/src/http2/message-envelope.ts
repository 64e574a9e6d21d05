const headBytes = 5;

/** A message as gRPC sends it: a byte of flags and the length before it. */
export function envelope(message: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(headBytes + message.length);
  writeHead(out, message);
  out.set(message, headBytes);
  return out;
}

/** What stands before a message: a large one is sent after it, as it is, rather than copied. */
export function envelopeHead(message: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(headBytes);
  writeHead(out, message);
  return out;
}

function writeHead(out: Buffer, message: Uint8Array): void {
  out[0] = 0;
  out.writeUInt32BE(message.length, 1);
}
