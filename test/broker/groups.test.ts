import assert from "node:assert/strict";
import { Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { offsetCommit } from "../../src/broker/apis/08-offset-commit.ts";
import { offsetFetch } from "../../src/broker/apis/09-offset-fetch.ts";
import { joinGroup } from "../../src/broker/apis/11-join-group.ts";
import { heartbeat } from "../../src/broker/apis/12-heartbeat.ts";
import { leaveGroup } from "../../src/broker/apis/13-leave-group.ts";
import { syncGroup } from "../../src/broker/apis/14-sync-group.ts";
import { describeGroups } from "../../src/broker/apis/15-describe-groups.ts";
import { deleteGroups } from "../../src/broker/apis/42-delete-groups.ts";
import { ErrorCode } from "../../src/broker/protocol/errors.ts";
import { Writer } from "../../src/broker/protocol/writer.ts";
import { createTopic, onBothBrokers } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";
import { clientOptions } from "./fixtures/clients.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { untilCoordinated } from "./fixtures/raw-producer.ts";

/** A member of a group, step by step. */
class RawMember {
  readonly client: RawClient;
  readonly topic: string;
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  memberId = "";
  generationId = -1;

  constructor(client: RawClient, topic: string, groupId: string, groupInstanceId: string | null) {
    this.client = client;
    this.topic = topic;
    this.groupId = groupId;
    this.groupInstanceId = groupInstanceId;
  }

  async join(protocols = ["range"], sessionTimeoutMs = 10_000, version = 7) {
    const request = {
      groupId: this.groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs: 5000,
      groupInstanceId: this.groupInstanceId,
      protocolType: "consumer",
      protocols: protocols.map((name) => ({ name, metadata: this.subscription(name) })),
    };
    let joined = await this.client.call(joinGroup, version, { ...request, memberId: this.memberId });
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      joined = await this.client.call(joinGroup, version, { ...request, memberId: joined.memberId });
    }
    if (joined.errorCode === 0) {
      this.memberId = joined.memberId;
      this.generationId = joined.generationId;
    }
    return joined;
  }

  /** What a consumer says that wants the topic. Real Kafka reads it, and is busy for long with what isn't one. */
  subscription(assignor: string): Buffer {
    const writer = new Writer();
    writer.int16(0);
    writer.int32(1);
    writer.string(this.topic, false);
    const userData = Buffer.from(`wants ${assignor}`);
    writer.int32(userData.length);
    writer.bytes(userData);
    return writer.toBuffer();
  }

  sync(assignments: readonly { memberId: string; assignment: Buffer }[] = []) {
    const { groupId, generationId, memberId, groupInstanceId } = this;
    return this.client.call(syncGroup, 3, { groupId, generationId, memberId, groupInstanceId, assignments });
  }

  async beat(): Promise<number> {
    const { groupId, generationId, memberId, groupInstanceId } = this;
    return (await this.client.call(heartbeat, 3, { groupId, generationId, memberId, groupInstanceId })).errorCode;
  }

  async leave(): Promise<number> {
    const { groupId, memberId, groupInstanceId } = this;
    const { members } = await this.client.call(leaveGroup, 3, { groupId, members: [{ memberId, groupInstanceId }] });
    return members[0].errorCode;
  }

  async commit(committedOffset: number, metadata: string | null = null): Promise<number> {
    const { groupId, generationId, memberId, groupInstanceId } = this;
    const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: metadata }];
    const request = { groupId, generationId, memberId, groupInstanceId, topics: [{ name: this.topic, partitions }] };
    return (await this.client.call(offsetCommit, 7, request)).topics[0].partitions[0].errorCode;
  }
}

interface Given {
  readonly groupId: string;
  newMember(instanceId?: string | null): Promise<RawMember>;
}

/** Declares a test with a topic and a group of its own, for both brokers. */
function onBoth(name: string, body: (given: Given) => Promise<void>): void {
  onBothBrokers(name, async (broker, t) => {
    const [topic, groupId] = [uniqueName("t"), uniqueName("g")];
    await createTopic(broker, topic, { partitions: 6 });
    await untilCoordinated(await RawClient.connect(t, broker.bootstrapServers), groupId, 0);
    const newMember = async (instanceId: string | null = null) =>
      new RawMember(await RawClient.connect(t, broker.bootstrapServers), topic, groupId, instanceId);
    await body({ groupId, newMember });
  });
}

onBothBrokers("three consumers share the partitions, and those of one that leaves go to the others", async (broker) => {
  const [topic, groupId] = [uniqueName("shared"), uniqueName("sharing")];
  await createTopic(broker, topic, { partitions: 6 });
  const owned = new Map<string, number[]>();
  const settled = Promise.withResolvers<void>();
  let expected = 3;
  let wake = settled.resolve;
  const check = () => {
    const all = [...owned.values()].flat().sort();
    if (owned.size === expected && all.join() === "0,1,2,3,4,5") wake();
  };
  const start = async (name: string) => {
    const consumer = new Consumer({
      ...clientOptions(broker.bootstrapServers, name),
      groupId,
      sessionTimeout: 6000,
      heartbeatInterval: 100,
      deserializers: stringDeserializers,
    });
    consumer.on("consumer:group:join", ({ assignments }) => {
      owned.set(name, assignments?.flatMap(({ partitions }) => partitions) ?? []);
      check();
    });
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", maxWaitTime: 100 });
    const seen: string[] = [];
    stream.on("data", ({ value }) => seen.push(value));
    return { consumer, stream, seen };
  };
  const members = [await start("a"), await start("b"), await start("c")];
  await settled.promise;
  for (const partitions of owned.values()) assert.equal(partitions.length, 2);
  const left = Promise.withResolvers<void>();
  owned.delete("c");
  expected = 2;
  wake = left.resolve;
  const [leaving] = members.splice(2, 1);
  await leaving.stream.close();
  // A forced close cuts off the client's own requests under way, and may say so; that the others take over is what counts.
  await leaving.consumer.close(true).catch((error: Error) => assert.match(error.message, /closed/i));
  await left.promise;
  const producer = new Producer({ ...clientOptions(broker.bootstrapServers), serializers: stringSerializers });
  const messages = Array.from({ length: 60 }, (_, i) => ({ topic, partition: i % 6, value: String(i) }));
  await producer.send({ messages });
  await producer.close();
  // The client also hands on what a poll of its former partitions brings, so a message may come twice.
  const distinct = () => new Set(members.flatMap(({ seen }) => seen));
  while (distinct().size < 60) {
    await Promise.race(members.map(({ stream }) => new Promise((ok) => stream.once("data", ok))));
  }
  for (const { stream, consumer } of members) {
    await stream.close();
    await consumer.close(true);
  }
});

onBoth("a member gets its id first, then joins with it; the leader learns of all", async ({ newMember, groupId }) => {
  const one = await newMember();
  const first = await one.client.call(joinGroup, 5, {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 5000,
    memberId: "",
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: one.subscription("range") }],
  });
  assert.equal(first.errorCode, ErrorCode.MEMBER_ID_REQUIRED);
  assert.match(first.memberId, /^raw-client-/);
  one.memberId = first.memberId;
  const joined = await one.join();
  assert.equal(joined.errorCode, 0);
  assert.equal(joined.leader, one.memberId);
  assert.deepEqual(joined.members, [
    { memberId: one.memberId, groupInstanceId: null, metadata: one.subscription("range") },
  ]);
});

onBoth("members are sent back to join when another comes, and get what the leader assigned", async ({ newMember }) => {
  const one = await newMember();
  await one.join();
  assert.equal(
    (await one.sync([{ memberId: one.memberId, assignment: Buffer.from("all") }])).assignment.toString(),
    "all",
  );
  assert.equal(await one.beat(), 0);
  const two = await newMember();
  const joining = two.join();
  while ((await one.beat()) !== ErrorCode.REBALANCE_IN_PROGRESS);
  const again = await one.join();
  await joining;
  assert.equal(again.members.length, 2);
  assert.equal(one.generationId, two.generationId);
  const waiting = two.sync();
  const assignments = [one, two].map(({ memberId }, i) => ({ memberId, assignment: Buffer.from(`part ${i}`) }));
  assert.equal((await one.sync(assignments)).assignment.toString(), "part 0");
  assert.equal((await waiting).assignment.toString(), "part 1");
});

onBoth("the protocol that all members support is chosen, and none means no entry", async ({ newMember }) => {
  const one = await newMember();
  await one.join(["range", "roundrobin"]);
  await one.sync();
  const two = await newMember();
  assert.equal((await two.join(["sticky"])).errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  const joining = two.join(["roundrobin", "sticky"]);
  while ((await one.beat()) !== ErrorCode.REBALANCE_IN_PROGRESS);
  const joined = await one.join(["range", "roundrobin"]);
  assert.equal(joined.protocolName, "roundrobin");
  await joining;
});

onBoth("a silent member is removed when its session is over", async ({ newMember }) => {
  const quiet = await newMember();
  await quiet.join(["range"], 6000);
  await quiet.sync();
  // The other's arrival starts a rebalance; the silent one takes no part, and the end of its session ends it.
  const result = await (await newMember()).join();
  assert.equal(result.errorCode, 0);
  assert.equal(result.members.length, 1);
  assert.equal(await quiet.beat(), ErrorCode.UNKNOWN_MEMBER_ID);
});

onBoth(
  "commits come back with their metadata; a stranger's and an old generation's are refused",
  async ({ newMember, groupId }) => {
    const member = await newMember();
    await member.join();
    await member.sync();
    assert.equal(await member.commit(12, "batch 7"), 0);
    assert.equal(await member.commit(13, "x".repeat(4097)), ErrorCode.OFFSET_METADATA_TOO_LARGE);
    const stranger = await newMember();
    Object.assign(stranger, { memberId: "nobody", generationId: member.generationId });
    assert.equal(await stranger.commit(99), ErrorCode.UNKNOWN_MEMBER_ID);
    Object.assign(stranger, { memberId: member.memberId, generationId: member.generationId - 1 });
    assert.equal(await stranger.commit(99), ErrorCode.ILLEGAL_GENERATION);
    Object.assign(stranger, { memberId: "", generationId: -1 });
    assert.equal(await stranger.commit(99), ErrorCode.UNKNOWN_MEMBER_ID);
    const topics = [{ name: member.topic, partitionIndexes: [0, 1] }];
    const { groups } = await member.client.call(offsetFetch, 8, {
      groups: [
        { groupId, topics },
        { groupId: `${groupId}-other`, topics: null },
      ],
    });
    assert.deepEqual(
      groups[0].topics[0].partitions.map(({ committedOffset, metadata }) => [committedOffset, metadata]),
      [
        [12, "batch 7"],
        [-1, ""],
      ],
    );
    assert.deepEqual(groups[1].topics, []);
  },
);

onBoth(
  "a static member that comes back keeps its place without a rebalance, and fences the one before",
  async ({ newMember }) => {
    const before = await newMember("instance-1");
    await before.join();
    await before.sync([{ memberId: before.memberId, assignment: Buffer.from("mine") }]);
    const after = await newMember("instance-1");
    const joined = await after.join();
    assert.equal(joined.errorCode, 0);
    assert.equal(joined.generationId, before.generationId);
    assert.notEqual(after.memberId, before.memberId);
    assert.equal((await after.sync()).assignment.toString(), "mine");
    assert.equal(await before.beat(), ErrorCode.FENCED_INSTANCE_ID);
    assert.equal(await after.beat(), 0);
  },
);

onBoth("a group that is empty can be deleted, one with members can't", async ({ newMember, groupId }) => {
  const member = await newMember();
  await member.join();
  await member.sync();
  await member.commit(3);
  const remove = async () =>
    (await member.client.call(deleteGroups, 2, { groupsNames: [groupId] })).results[0].errorCode;
  assert.equal(await remove(), ErrorCode.NON_EMPTY_GROUP);
  assert.equal(await member.leave(), 0);
  const { groups } = await member.client.call(describeGroups, 5, { groups: [groupId] });
  assert.equal(groups[0].groupState, "Empty");
  assert.equal(await remove(), 0);
  assert.equal(await remove(), ErrorCode.GROUP_ID_NOT_FOUND);
  assert.equal((await member.client.call(describeGroups, 5, { groups: [groupId] })).groups[0].groupState, "Dead");
});

onBoth("session timeouts outside of six seconds to half an hour are refused", async ({ newMember }) => {
  const member = await newMember();
  assert.equal((await member.join(["range"], 5999)).errorCode, ErrorCode.INVALID_SESSION_TIMEOUT);
  assert.equal((await member.join(["range"], 1_800_001)).errorCode, ErrorCode.INVALID_SESSION_TIMEOUT);
});
