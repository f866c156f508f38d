/**
 * A follower's whole way by the generated types: from the sign-up to the revoked device.
 *
 *     make clients
 *     node build/clients/typescript/out/journey.js http://localhost:8000 me@example.org [LEAD]
 *
 * It asks on its standard input for the key in the mail that comes (`/mailbox/` shows mails where they are not sent).
 * Money is paper money. LEAD is a lead's slug; without it the first that is listed is copied.
 */

import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];
type CopyDetail = components["schemas"]["CopyDetailShape"];
interface Step {
  meta?: { session_token?: string; access_token?: string; secret?: string };
  errors?: { message: string }[];
}

const IDENTITY = "/api/identity/app/v1";
const WAIT_SECONDS = 120;

/** The steps of signing up, which are the sign-in library's own and not in the generated types. */
class Account {
  accessToken = "";
  private readonly headers: Record<string, string> = {
    "Content-Type": "application/json",
    "X-Device-Name": "Journey in TypeScript",
  };

  constructor(private readonly url: string) {}

  /** Make an account, confirm its address, and give it a second factor. */
  async signUp(email: string, password: string): Promise<void> {
    await this.step("POST", "auth/signup", { email, password });
    if (!this.accessToken) await this.step("POST", "auth/email/verify", { key: await asked("The key in the mail, please:") });
    if (!this.accessToken) await this.step("POST", "auth/login", { email, password });
    await this.step("POST", "auth/reauthenticate", { password });
    // A secret that is not used yet comes as a 404: there is no authenticator so far.
    const { meta } = await this.step("GET", "account/authenticators/totp");
    await this.step("POST", "account/authenticators/totp", { code: oneTimeCode(meta?.secret ?? "") });
  }

  /** Take one step with whatever proves so far who it is, and keep what the answer gives. */
  private async step(method: string, path: string, body?: Record<string, string>): Promise<Step> {
    const sent: RequestInit = { method, headers: this.headers };
    if (body) sent.body = JSON.stringify(body);
    const said = (await (await fetch(`${this.url}${IDENTITY}/${path}`, sent)).json()) as Step;
    if (said.meta?.session_token) this.headers["X-Session-Token"] = said.meta.session_token;
    if (said.meta?.access_token) {
      this.accessToken = said.meta.access_token;
      this.headers["Authorization"] = `Bearer ${this.accessToken}`;
    }
    // 401 is the way on as long as a step is left; what is wrong has sentences.
    if (said.errors) throw new Refused(`${path}: ${said.errors.map((error) => error.message).join(" ")}`);
    return said;
  }
}

class Refused extends Error {}

/** Return the code of this half minute, as an authenticator app would (RFC 6238). */
function oneTimeCode(secret: string): string {
  const bits = [...secret.replace(/=+$/, "")]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  const place = digest.readUInt8(digest.length - 1) & 15;
  return String((digest.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Return the line that somebody types. */
async function asked(question: string): Promise<string> {
  console.log(question);
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return line.trim();
    throw new Refused("Nobody typed it.");
  } finally {
    lines.close();
  }
}

/** Return what was asked for, or end with the sentence of the refusal. */
async function given<Answer>(answering: Promise<{ data?: Answer; error?: Problem }>): Promise<Answer> {
  const { data, error } = await answering;
  if (error) throw new Refused(`${error.code}: ${error.title}`);
  if (data === undefined) throw new Refused("The platform answered what its description does not name.");
  return data;
}

/** Return the header of one thing to do: a retry sends the same key, so that it is done once. */
function once(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": randomUUID() };
}

/** Return a copy once it has a status. */
async function waitUntil(read: () => Promise<CopyDetail>, status: CopyDetail["status"]): Promise<CopyDetail> {
  const until = Date.now() + WAIT_SECONDS * 1000;
  for (;;) {
    const copy = await read();
    if (copy.status === status) return copy;
    if (Date.now() > until) throw new Refused(`After ${WAIT_SECONDS} s the copy is ${copy.state}, still.`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function main(url: string, email: string, named?: string): Promise<void> {
  const account = new Account(url);
  await account.signUp(email, randomBytes(16).toString("base64url"));
  const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${account.accessToken}` } });
  const me = await given(api.GET("/api/v1/me"));
  console.log(`Signed up as ${me.email}, second factor: ${me.has_second_factor}`);

  await given(api.POST("/api/v1/wallet/deposits", { params: { header: once() }, body: { value: "2000.00" } }));
  const { results: leads } = await given(api.GET("/api/v1/leads", { params: { query: { limit: 20 } } }));
  const lead = named ?? leads[0]?.slug;
  if (lead === undefined) throw new Refused("There is no lead to copy.");
  console.log(`${leads.length} leads, among them ${leads.slice(0, 3).map((found) => found.name).join(", ")}`);

  const of = { params: { path: { slug: lead } }, body: { investment: "1000.00" } };
  const back = await api.POST("/api/v1/leads/{slug}/what-if", of);
  // A lead without a long enough record is a refusal, and no reason not to copy.
  console.log(`Looked back: ${back.error ? back.error.title : back.data.smart_sync.return_fraction}`);
  const preview = await given(api.POST("/api/v1/leads/{slug}/preview", of));
  for (const trade of preview.trades) console.log(`Would ${trade.side} ${trade.quantity} ${trade.coin} for ${trade.value}`);

  const wanted = { lead, investment: "1000.00", stop_loss: "300.00" };
  const started = await given(api.POST("/api/v1/copies", { params: { header: once() }, body: wanted }));
  const path = { copy_id: started.id };
  const read = () => given(api.GET("/api/v1/copies/{copy_id}", { params: { path } }));
  console.log(`Copying: ${(await waitUntil(read, "ACTIVE")).worth}`);

  const change = () => ({ params: { path, header: once() } });
  await given(api.PUT("/api/v1/copies/{copy_id}/stop-loss", { ...change(), body: { stop_loss: "200.00" } }));
  await given(api.PATCH("/api/v1/copies/{copy_id}/terms", { ...change(), body: { weight_max: "0.5" } }));
  const changed = await given(api.POST("/api/v1/copies/{copy_id}/increase", { ...change(), body: { value: "500.00" } }));
  console.log(`Changed: ${changed.paid_in} paid in, at most ${changed.weight_max} of one coin, stops at ${changed.stops_at}`);

  const quote = await given(api.GET("/api/v1/copies/{copy_id}/stop-quote", { params: { path } }));
  console.log(`Stopping would pay out ${quote.payout}`);
  await given(api.POST("/api/v1/copies/{copy_id}/stop", change()));
  const stopped = await waitUntil(read, "STOPPED");
  const statement = await given(api.GET("/api/v1/statements", { params: { query: { copy: stopped.id } } }));
  console.log(`Stopped: ${stopped.paid_out} paid out; ${statement.trades.length} trades, result ${statement.result}`);
  console.log(`In the wallet: ${(await given(api.GET("/api/v1/wallet"))).available}`);

  const device = (await given(api.GET("/api/v1/devices"))).find((one) => one.is_this);
  if (device === undefined) throw new Refused("This device is not listed.");
  const gone = { params: { path: { device_id: device.id }, header: once() } };
  const { error } = await api.DELETE("/api/v1/devices/{device_id}", gone);
  if (error) throw new Refused(`${error.code}: ${error.title}`);
  const after = await api.GET("/api/v1/me");
  console.log(`Revoked ${device.name}: ${after.error ? after.error.title : "and still in"}`);
}

const [url, email, lead, ...more] = process.argv.slice(2);
if (url === undefined || email === undefined || more.length > 0) {
  console.error("Say where the platform is, and an address that has no account yet: journey.js URL EMAIL [LEAD]");
  process.exit(2);
}
try {
  await main(url, email, lead);
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(error.message);
  process.exit(1);
}
