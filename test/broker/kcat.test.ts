import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { type BrokerUnderTest, createTopic, onBothBrokers } from "../support/brokers.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { startBroker } from "./fixtures/brokers.ts";

const parts = requireParts("kcat");

/** Runs kcat with `input` and gives what it wrote. */
function kcat(program: string, args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { maxBuffer: 1 << 26 }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
    child.stdin!.end(input);
  });
}

for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"]) {
  const body = async (broker: BrokerUnderTest): Promise<void> => {
    const { program } = await parts.kcat();
    const topic = uniqueName("numbers");
    await createTopic(broker, topic);
    const input = Array.from({ length: 5000 }, (_, i) => `key${i % 10}:value ${i}\n`).join("");
    const at = ["-b", broker.bootstrapServers, "-t", topic];
    await kcat(program, ["-P", ...at, "-z", codec, "-K:"], input);
    const output = await kcat(program, ["-C", ...at, "-e", "-q", "-K:"]);
    assert.equal(output, input);
    // To find a time the broker has to look into the batches.
    const lines = (await kcat(program, ["-C", ...at, "-e", "-q", "-f", "%o %T\n"])).trim().split("\n");
    const [offset, time] = lines.at(-1)!.split(" ");
    const first = lines.find((line) => line.endsWith(` ${time}`))!.split(" ")[0];
    assert.ok(Number(first) <= Number(offset));
    const found = await kcat(program, ["-Q", "-b", broker.bootstrapServers, "-t", `${topic}:0:${time}`]);
    assert.equal(found.trim(), `${topic} [0] offset ${first}`);
  };
  onBothBrokers(`kcat reads what it has written with ${codec}`, body, parts.options);
}

const middle = async (broker: BrokerUnderTest): Promise<void> => {
  const { program } = await parts.kcat();
  const topic = uniqueName("times");
  await createTopic(broker, topic);
  const { bootstrapServers } = broker;
  const at = ["-b", bootstrapServers, "-t", topic];
  await kcat(program, ["-P", ...at], "a\nb\nc\n");
  assert.equal(
    (await kcat(program, ["-Q", "-b", bootstrapServers, "-t", `${topic}:0:1`])).trim(),
    `${topic} [0] offset 0`,
  );
  assert.equal(await kcat(program, ["-C", ...at, "-o", "1", "-e", "-q"]), "b\nc\n");
  assert.equal(await kcat(program, ["-C", ...at, "-o", "-1", "-e", "-q"]), "c\n");
  await kcat(program, ["-P", ...at, "-K:", "-Z", "-H", "origin=test"], "gone:\n");
  assert.equal(await kcat(program, ["-C", ...at, "-o", "-1", "-e", "-q", "-f", "%k %S %h"]), "gone -1 origin=test");
  const group = ["-G", uniqueName("readers"), "-X", "auto.offset.reset=earliest", "-e", "-q", topic];
  assert.equal((await kcat(program, ["-b", bootstrapServers, ...group])).split("\n").length, 5);
};
onBothBrokers("kcat finds offsets by time, reads from the middle, in a group, and nulls", middle, parts.options);

const list = async (broker: BrokerUnderTest): Promise<void> => {
  const { program } = await parts.kcat();
  const topic = uniqueName("wide");
  await createTopic(broker, topic, { partitions: 3 });
  const listed = JSON.parse(await kcat(program, ["-L", "-J", "-b", broker.bootstrapServers]));
  assert.deepEqual(listed.brokers, [{ id: 1, name: broker.bootstrapServers }]);
  const found = listed.topics.find((each: { topic: string }) => each.topic === topic);
  assert.equal(found.partitions.length, 3);
};
onBothBrokers("kcat lists brokers and topics", list, parts.options);

test("kcat logs in by SCRAM", parts.options, async (t) => {
  const { program } = await parts.kcat();
  const broker = await startBroker(t, { sasl: { users: { alice: "secret" } } });
  const login = (password: string) =>
    [
      "security.protocol=sasl_plaintext",
      "sasl.mechanism=SCRAM-SHA-512",
      "sasl.username=alice",
      `sasl.password=${password}`,
    ].flatMap((setting) => ["-X", setting]);
  await kcat(program, ["-P", "-b", broker.bootstrapServers, "-t", "private", ...login("secret")], "x\n");
  assert.equal(broker.describeTopic("private")!.partitions[0].endOffset, 1);
  await assert.rejects(kcat(program, ["-L", "-m", "2", "-b", broker.bootstrapServers, ...login("wrong")]));
});
