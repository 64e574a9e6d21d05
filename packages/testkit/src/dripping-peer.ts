import { frameTypes, RawHttp2Peer, rawCall, rawFrame } from "./raw-http2-peer.ts";

/** A peer without a token whose request never comes to its end, and who goes on to say something. The server has heard of it. */
export async function drippingPeer(url: string): Promise<Disposable> {
  const peer = await RawHttp2Peer.connect({ port: Number(new URL(url).port) });
  peer.write(
    rawFrame("headers", 4, 1, rawCall("/modal.client.ModalClient/ClientHello")),
    rawFrame("data", 0, 1, Buffer.alloc(3)),
  );
  const drip = setInterval(() => {
    peer.write(rawFrame("data", 0, 1), rawFrame("ping", 0, 0, Buffer.alloc(8)));
  }, 200);
  await peer.next(({ type, flags }) => type === frameTypes.ping && flags === 1);
  return {
    [Symbol.dispose]() {
      clearInterval(drip);
      peer[Symbol.dispose]();
    },
  };
}
