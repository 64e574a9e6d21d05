// Takes deliveries of a service that calls back, answers at once, and works through them: each once, however often it is sent.
import { createHmac, timingSafeEqual } from "node:crypto";
import { App, Dict, Secret } from "dorian";

const secret = Secret.fromName("webhook-receiver", { requiredKeys: ["WEBHOOK_SECRET"] });

export const app = new App("webhook-receiver", { secrets: [secret] });

/** Payments that have been booked, by their deliveries. */
const booked = Dict.fromName<string, Payment>("webhook-booked", { createIfMissing: true });
const attempts = Dict.fromName<string, number>("webhook-attempts", { createIfMissing: true });

export interface Payment {
  customer: string;
  cents: number;
  /** The bank is out of order for so many attempts. */
  bankFails: number;
}

/** Checks where a delivery comes from, and has it worked on. The sender need not wait for that. */
export const receive = app.web(
  { name: "receive", method: "POST", maxConcurrentInputs: 50 },
  async (request) => {
    const body = await request.text();
    const delivery = request.headers.get("x-delivery");
    if (!delivery || !isSigned(body, request.headers.get("x-signature") ?? ""))
      return Response.json({ error: "The signature is not ours." }, { status: 401 });
    if (await booked.has(delivery)) return Response.json({ is: "known" });
    await book.spawn(delivery, JSON.parse(body) as Payment);
    return Response.json({ is: "accepted" }, { status: 202 });
  },
);

/** Books a payment. What throws is tried again, after 0.2 s, 0.4 s, 0.8 s … */
export const book = app.function(
  { name: "book", timeout: 30, retries: { maxRetries: 5, initialDelay: 0.2, backoffCoefficient: 2 } },
  async (delivery: string, payment: Payment) => {
    const attempt = await askBank(delivery, payment);
    // Of two calls for one delivery, one puts the payment; a retry that comes after it changes nothing.
    const isFirst = await booked.setIfAbsent(delivery, payment);
    if (isFirst) console.log(`${payment.cents} cents for ${payment.customer}, at attempt ${attempt}`);
  },
);

/** Stands for a service that fails for a while. Real ones want the delivery as well, to know what they have done already. */
async function askBank(delivery: string, { bankFails }: Payment): Promise<number> {
  const attempt = ((await attempts.get(delivery)) ?? 0) + 1;
  await attempts.set(delivery, attempt);
  if (attempt <= bankFails) throw new Error(`The bank is out of order (attempt ${attempt}).`);
  return attempt;
}

function isSigned(body: string, signature: string): boolean {
  const expected = createHmac("sha256", process.env["WEBHOOK_SECRET"] ?? "")
    .update(body)
    .digest();
  const given = Buffer.from(signature, "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}
