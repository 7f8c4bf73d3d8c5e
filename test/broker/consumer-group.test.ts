import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { metadata } from "../../src/broker/apis/03-metadata.ts";
import { offsetCommit } from "../../src/broker/apis/08-offset-commit.ts";
import { offsetFetch } from "../../src/broker/apis/09-offset-fetch.ts";
import { consumerGroupHeartbeat } from "../../src/broker/apis/68-consumer-group-heartbeat.ts";
import { consumerGroupDescribe } from "../../src/broker/apis/69-consumer-group-describe.ts";
import { ASSIGNORS, type Assignment, sizeOf } from "../../src/broker/groups/assignors.ts";
import { ConsumerGroup, type TopicView } from "../../src/broker/groups/consumer-group.ts";
import { Offsets } from "../../src/broker/groups/offsets.ts";
import { ErrorCode } from "../../src/broker/protocol/errors.ts";
import { createTopic, onBothBrokers } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { untilCoordinated } from "./fixtures/raw-producer.ts";

/** A member as a well-behaved client is one: it holds what it was last told, and gives up what it must. */
class Client {
  readonly group: ConsumerGroup;
  readonly id: string;
  readonly topics: readonly string[];
  epoch = 0;
  holds: Assignment = new Map();

  constructor(group: ConsumerGroup, id: string, topics: readonly string[]) {
    this.group = group;
    this.id = id;
    this.topics = topics;
  }

  beat(memberEpoch = this.epoch): void {
    const joins = memberEpoch === 0;
    const result = this.group.heartbeat({
      memberId: this.id,
      memberEpoch,
      instanceId: null,
      rackId: null,
      clientId: "client",
      clientHost: "/127.0.0.1",
      rebalanceTimeoutMs: 60_000,
      subscribedTopicNames: joins ? this.topics : null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      owned: joins ? new Map() : this.holds,
    });
    this.epoch = result.memberEpoch;
    if (result.assignment !== null) {
      this.holds = new Map([...result.assignment].map(([topic, partitions]) => [topic, new Set(partitions)]));
    }
  }
}

function owners(clients: readonly Client[]): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const { id, holds } of clients) {
    for (const [topic, partitions] of holds) {
      for (const partition of partitions) {
        const key = `${topic}:${partition}`;
        result.set(key, [...(result.get(key) ?? []), id]);
      }
    }
  }
  return result;
}

test("however members come, go and beat, no partition has two owners, and in the end each has one", () => {
  const step = fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("join" as const), topics: fc.subarray(["a", "b"], { minLength: 1 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), who: fc.nat(20) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("beat" as const), who: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("grow" as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const topics = [
        { id: "a", name: "a", partitionCount: 4 },
        { id: "b", name: "b", partitionCount: 3 },
      ];
      const group = new ConsumerGroup("g", { offsets: new Offsets(), pending: new Map() }, () => topics);
      let clients: Client[] = [];
      let next = 0;
      const check = () => {
        for (const [partition, ids] of owners(clients)) assert.equal(ids.length, 1, `${partition} is held by ${ids}`);
      };
      for (const each of steps) {
        if (each.do === "join") {
          const client = new Client(group, `m${next++}`, each.topics);
          clients.push(client);
          client.beat();
        } else if (each.do === "grow") {
          topics[0].partitionCount++;
        } else if (clients.length > 0) {
          const client = clients[each.who % clients.length];
          if (each.do === "leave") {
            client.beat(-1);
            clients = clients.filter((other) => other !== client);
          } else client.beat();
        }
        check();
      }
      for (let round = 0; round < 2 * clients.length + 2; round++) {
        for (const client of clients) {
          client.beat();
          check();
        }
      }
      const wanted = topics.filter(({ name }) => clients.some((client) => client.topics.includes(name)));
      assert.equal(
        owners(clients).size,
        wanted.reduce((sum, { partitionCount }) => sum + partitionCount, 0),
      );
      if (clients.length > 0) assert.equal(group.state, "Stable");
      group.die();
    }),
    { numRuns: 500 },
  );
});

for (const [name, assign] of ASSIGNORS) {
  test(`the ${name} assignor gives every partition to one subscriber, evenly`, () => {
    const counts = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 9 }), { minKeys: 1 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), counts, (memberCount, topics) => {
        const members = Array.from({ length: memberCount }, (_, i) => ({
          id: `m${i}`,
          topics: new Set(Object.keys(topics)),
          previous: new Map() as Assignment,
        }));
        const shares = assign(members, new Map(Object.entries(topics)));
        const total = Object.values(topics).reduce((sum, count) => sum + count, 0);
        const sizes = [...shares.values()].map(sizeOf);
        assert.equal(
          sizes.reduce((sum, size) => sum + size, 0),
          total,
        );
        const uneven = name === "range" ? Object.keys(topics).length : 1;
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= uneven);
      }),
    );
  });
}

test("the uniform assignor moves no partition that needn't move", () => {
  const topics: TopicView[] = [{ id: "a", name: "a", partitionCount: 6 }];
  const group = new ConsumerGroup("g", { offsets: new Offsets(), pending: new Map() }, () => topics);
  const clients = ["x", "y"].map((id) => new Client(group, id, ["a"]));
  for (let round = 0; round < 4; round++) for (const client of clients) client.beat();
  const before = clients.map(({ holds }) => [...holds.get("a")!]);
  assert.deepEqual(
    before.map(({ length }) => length),
    [3, 3],
  );
  clients.push(new Client(group, "z", ["a"]));
  for (let round = 0; round < 4; round++) for (const client of clients) client.beat();
  assert.deepEqual(
    clients.map(({ holds }) => holds.get("a")!.size),
    [2, 2, 2],
  );
  for (const [i, partitions] of before.entries()) {
    for (const partition of clients[i].holds.get("a")!) assert.ok(partitions.includes(partition));
  }
  group.die();
});

onBothBrokers("over the wire: join, assignment, commits by epoch, fencing, leave", async (broker, t) => {
  const [topic, groupId] = [uniqueName("t"), uniqueName("g")];
  await createTopic(broker, topic, { partitions: 2 });
  const client = await RawClient.connect(t, broker.bootstrapServers);
  await untilCoordinated(client, groupId, 0);
  const described = await client.call(metadata, 12, { topics: [{ name: topic }], allowAutoTopicCreation: false });
  const id = described.topics[0].topicId;
  const request = { groupId, memberId: "one", instanceId: null, rackId: null, serverAssignor: null };
  const first = {
    rebalanceTimeoutMs: 5000,
    subscribedTopicNames: broker.kind === "Apache Kafka" ? [topic] : null,
    // Real Kafka looks for what matches a pattern after it has answered, at times of its own.
    subscribedTopicRegex: broker.kind === "Apache Kafka" ? null : `${topic}.*`,
    topicPartitions: [],
  };
  interface Later {
    readonly rebalanceTimeoutMs: number;
    readonly subscribedTopicNames: null;
    readonly topicPartitions: { topicId: string; partitions: number[] }[] | null;
  }
  const later: Later = { rebalanceTimeoutMs: -1, subscribedTopicNames: null, topicPartitions: null };
  const beat = (memberEpoch: number, rest: typeof first | Later) =>
    client.call(consumerGroupHeartbeat, 1, { ...request, memberEpoch, ...rest });
  const joined = await beat(0, first);
  assert.equal(joined.errorCode, 0);
  assert.deepEqual(joined.assignment, { topicPartitions: [{ topicId: id, partitions: [0, 1] }] });
  assert.equal((await beat(joined.memberEpoch, later)).assignment, null);
  assert.equal((await beat(joined.memberEpoch + 7, later)).errorCode, ErrorCode.FENCED_MEMBER_EPOCH);
  const commit = async (generationId: number, memberId = "one") => {
    const partitions = [{ partitionIndex: 0, committedOffset: 4, committedMetadata: null }];
    const { topics } = await client.call(offsetCommit, 9, {
      groupId,
      generationId,
      memberId,
      topics: [{ name: topic, partitions }],
    });
    return topics[0].partitions[0].errorCode;
  };
  assert.equal(await commit(joined.memberEpoch), 0);
  assert.equal(await commit(joined.memberEpoch - 1), ErrorCode.STALE_MEMBER_EPOCH);
  assert.equal(await commit(joined.memberEpoch, "two"), ErrorCode.UNKNOWN_MEMBER_ID);
  const fetched = async (memberEpoch: number) => {
    const groups = [{ groupId, memberId: "one", memberEpoch, topics: null }];
    return (await client.call(offsetFetch, 9, { groups })).groups[0];
  };
  assert.equal((await fetched(joined.memberEpoch)).topics[0].partitions[0].committedOffset, 4);
  assert.equal((await fetched(joined.memberEpoch + 1)).errorCode, ErrorCode.STALE_MEMBER_EPOCH);
  const query = { groupIds: [groupId, `${groupId}-none`], includeAuthorizedOperations: false };
  // Real Kafka answers in any order.
  const describe = async () => {
    const { groups } = await client.call(consumerGroupDescribe, 0, query);
    return groups.toSorted((a, b) => a.groupId.length - b.groupId.length);
  };
  // Real Kafka describes what it has written down, which is a little later, and once the member says what it holds.
  const holding: Later = { ...later, topicPartitions: [{ topicId: id, partitions: [0, 1] }] };
  for (let tries = 0; ; tries++) {
    const { groupState } = (await describe())[0];
    if (groupState === "Stable") break;
    assert.ok(tries < 200, `the group stays ${groupState}`);
    assert.equal((await beat(joined.memberEpoch, holding)).errorCode, 0);
    await setTimeout(50);
  }
  const groups = await describe();
  assert.deepEqual(groups[0].members[0].assignment, {
    topicPartitions: [{ topicId: id, topicName: topic, partitions: [0, 1] }],
  });
  assert.equal(groups[1].errorCode, ErrorCode.GROUP_ID_NOT_FOUND);
  assert.equal((await beat(-1, later)).memberEpoch, -1);
  assert.equal((await beat(joined.memberEpoch, later)).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  const broken = { ...first, subscribedTopicRegex: "(a" };
  assert.equal((await beat(0, broken)).errorCode, ErrorCode.INVALID_REGULAR_EXPRESSION);
  // Real Kafka's patterns run in linear time; ours are refused where they might not.
  const slow = { ...first, subscribedTopicRegex: "(a+)+$" };
  const expected = broker.kind === "Apache Kafka" ? ErrorCode.NONE : ErrorCode.INVALID_REGULAR_EXPRESSION;
  assert.equal((await beat(0, slow)).errorCode, expected);
});
