import assert from "node:assert/strict";
import { test } from "node:test";
import { Admin } from "@platformatic/kafka";
import { metadata } from "../../src/broker/apis/03-metadata.ts";
import { saslHandshake } from "../../src/broker/apis/17-sasl-handshake.ts";
import { saslAuthenticate } from "../../src/broker/apis/36-sasl-authenticate.ts";
import { ErrorCode } from "../../src/broker/protocol/errors.ts";
import { startBroker } from "./fixtures/brokers.ts";
import { clientOptions } from "./fixtures/clients.ts";
import { RawClient } from "./fixtures/raw-client.ts";

const sasl = { users: { alice: "wonder=land,1", bob: "builder" } };

for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
  test(`${mechanism} lets in who knows the password, and nobody else`, async (t) => {
    const broker = await startBroker(t, { sasl });
    broker.createTopic("secrets");
    const list = async (username: string, password: string) => {
      const options = {
        ...clientOptions(broker.bootstrapServers),
        retries: 0,
        sasl: { mechanism, username, password },
      };
      const admin = new Admin(options);
      try {
        return await admin.listTopics();
      } finally {
        await admin.close();
      }
    };
    assert.deepEqual(await list("alice", "wonder=land,1"), ["secrets"]);
    await assert.rejects(list("alice", "builder"));
    await assert.rejects(list("carol", "builder"));
    await assert.rejects(list("__proto__", "builder"));
  });
}

test("a client that doesn't log in is sent away", async (t) => {
  const broker = await startBroker(t, { sasl });
  const client = await RawClient.connect(t, broker.bootstrapServers);
  await assert.rejects(client.call(metadata, 9, { topics: null }), /closed/);
});

test("a mechanism that isn't offered is refused with those that are", async (t) => {
  const broker = await startBroker(t, { sasl: { ...sasl, mechanisms: ["SCRAM-SHA-256"] } });
  const client = await RawClient.connect(t, broker.bootstrapServers);
  assert.deepEqual(await client.call(saslHandshake, 1, { mechanism: "PLAIN" }), {
    errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM,
    mechanisms: ["SCRAM-SHA-256"],
  });
});

test("a refused login is answered with the reason, then the connection ends", async (t) => {
  const broker = await startBroker(t, { sasl });
  const client = await RawClient.connect(t, broker.bootstrapServers);
  await client.call(saslHandshake, 1, { mechanism: "PLAIN" });
  const answer = await client.call(saslAuthenticate, 2, { authBytes: Buffer.from("\0alice\0wrong") });
  assert.equal(answer.errorCode, ErrorCode.SASL_AUTHENTICATION_FAILED);
  assert.match(answer.errorMessage!, /Invalid username or password/);
  await client.closed();
});

test("after a handshake of version 0 the login comes without requests around it", async (t) => {
  const broker = await startBroker(t, { sasl });
  const client = await RawClient.connect(t, broker.bootstrapServers);
  await client.call(saslHandshake, 0, { mechanism: "PLAIN" });
  const token = Buffer.from("\0bob\0builder");
  client.send(Buffer.concat([Buffer.from([0, 0, 0, token.length]), token]));
  assert.equal((await client.receive()).length, 0);
  assert.equal((await client.call(metadata, 9, { topics: null })).brokers.length, 1);
});
