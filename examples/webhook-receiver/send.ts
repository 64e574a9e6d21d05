// The other side: a service that sends what happened, signed, and again when it is not sure: `node send.ts SECRET`.
import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Dict, Function } from "dorian";
import type { Payment } from "./app.ts";

const [secret = ""] = process.argv.slice(2);
const address = await Function.fromName("webhook-receiver", "receive").url();
const booked = Dict.fromName<string, Payment>("webhook-booked", { createIfMissing: true });
const attempts = Dict.fromName<string, number>("webhook-attempts", { createIfMissing: true });
const run = Date.now();

const ada = await send("ada", { customer: "Ada", cents: 500, bankFails: 0 });
const grace = await send("grace", { customer: "Grace", cents: 700, bankFails: 2 });
const forged = await send(
  "forged",
  { customer: "Mallory", cents: 1_000_000, bankFails: 0 },
  "another secret",
);
for (const delivery of [ada, grace]) while (!(await booked.has(delivery))) await delay(100);
await send("ada", { customer: "Ada", cents: 500, bankFails: 0 });

for (const delivery of [ada, grace, forged]) {
  const payment = await booked.get(delivery);
  if (!payment) console.log("nothing for Mallory");
  else console.log(`${payment.customer}: ${payment.cents} cents, attempt ${await attempts.get(delivery)}`);
}

async function send(name: string, payment: Payment, key: string = secret): Promise<string> {
  const delivery = `${name}-${run}`;
  const body = JSON.stringify(payment);
  const signature = createHmac("sha256", key).update(body).digest("hex");
  const headers = { "x-delivery": delivery, "x-signature": signature };
  const response = await fetch(address, { method: "POST", body, headers });
  const { is, error } = (await response.json()) as { is?: string; error?: string };
  console.log(`${name}: ${response.status} ${is ?? error}`);
  return delivery;
}
