import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { LoginRefused, type SaslExchange, type SaslStep } from "./exchange.ts";

export type ScramMechanism = "SCRAM-SHA-256" | "SCRAM-SHA-512";

const ITERATIONS = 4096;
const REFUSED = "Authentication failed during authentication due to invalid credentials";

/** The broker's side of SCRAM (RFC 5802). */
export class ScramExchange implements SaslExchange {
  readonly #hash: "sha256" | "sha512";
  readonly #passwordOf: (user: string) => string | undefined;
  readonly #salt = randomBytes(18);
  #user = "";
  #clientFirst = "";
  #serverFirst = "";
  #nonce = "";

  constructor(mechanism: ScramMechanism, passwordOf: (user: string) => string | undefined) {
    this.#hash = mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512";
    this.#passwordOf = passwordOf;
  }

  step(message: Buffer): SaslStep {
    const text = message.toString("utf8");
    return this.#serverFirst === "" ? this.#first(text) : this.#final(text);
  }

  #first(text: string): SaslStep {
    const match = /^n,(?:a=([^,]*))?,(n=([^,]+),r=([^,]+).*)$/.exec(text);
    if (match === null) throw new LoginRefused("Invalid SCRAM client first message.");
    const [, authorizationId, bare, name, nonce] = match;
    this.#user = name.replaceAll("=2C", ",").replaceAll("=3D", "=");
    if (authorizationId !== undefined && authorizationId !== "" && authorizationId !== name)
      throw new LoginRefused(REFUSED);
    if (this.#passwordOf(this.#user) === undefined) throw new LoginRefused(REFUSED);
    this.#clientFirst = bare;
    this.#nonce = nonce + randomBytes(18).toString("base64");
    this.#serverFirst = `r=${this.#nonce},s=${this.#salt.toString("base64")},i=${ITERATIONS}`;
    return { reply: Buffer.from(this.#serverFirst), user: null };
  }

  #final(text: string): SaslStep {
    const match = /^(c=([^,]*),r=([^,]*)(?:,.*)?),p=([^,]*)$/.exec(text);
    if (match === null) throw new LoginRefused("Invalid SCRAM client final message.");
    const [, withoutProof, , nonce, proofText] = match;
    const password = this.#passwordOf(this.#user);
    // Versions of librdkafka before 2.6 put their own nonce in front once more; Kafka takes that, too.
    if (!nonce.endsWith(this.#nonce) || password === undefined) throw new LoginRefused(REFUSED);
    const salted = pbkdf2Sync(password, this.#salt, ITERATIONS, this.#hash === "sha256" ? 32 : 64, this.#hash);
    const signed = `${this.#clientFirst},${this.#serverFirst},${withoutProof}`;
    const storedKey = createHash(this.#hash).update(this.#hmac(salted, "Client Key")).digest();
    const signature = this.#hmac(storedKey, signed);
    const proof = Buffer.from(proofText, "base64");
    if (proof.length !== signature.length) throw new LoginRefused(REFUSED);
    const clientKey = Buffer.from(proof.map((byte, i) => byte ^ signature[i]));
    if (!timingSafeEqual(createHash(this.#hash).update(clientKey).digest(), storedKey)) throw new LoginRefused(REFUSED);
    const serverSignature = this.#hmac(this.#hmac(salted, "Server Key"), signed);
    return { reply: Buffer.from(`v=${serverSignature.toString("base64")}`), user: this.#user };
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest();
  }
}
