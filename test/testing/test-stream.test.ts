// The test kit itself: that its checks can fail, and what it then says.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddData,
  AdvanceManualClock,
  AssertOnQuery,
  CheckAnswer,
  CheckNewAnswer,
  ExpectFailure,
  Mark,
  MemoryStream,
  StartStream,
  StopStream,
  testSession,
  testStream,
} from "../../src/testing/index.ts";

async function messageOf(run: Promise<void>): Promise<string> {
  return run.then(
    () => assert.fail("the script passed"),
    (error: Error) => error.message,
  );
}

test("a failing step prints the script with an arrow", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const message = await messageOf(
    testStream(input.toDF(spark))(AddData(input, 1, 2), CheckAnswer(1, 3), StopStream, StartStream()),
  );
  assert.equal(
    message,
    [
      "Results don't match.",
      "== Expected ==",
      "  [1]",
      "  [3]",
      "== Got ==",
      "  [1]",
      "  [2]",
      "",
      "== Script ==",
      "   StartStream()",
      "   AddData(1, 2)",
      "=> CheckAnswer(1, 3)",
      "   StopStream",
      "   StartStream()",
    ].join("\n"),
  );
});

test("rows that are there twice, or missing, are found", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const script = testStream(input.toDF(spark));
  assert.match(await messageOf(script(AddData(input, 1, 1), CheckAnswer(1))), /Results don't match/);
  const other = new MemoryStream("value INT");
  assert.match(await messageOf(testStream(other.toDF(spark))(CheckAnswer(1))), /Got ==\n {2}no rows/);
  const third = new MemoryStream("value INT");
  const late = testStream(third.toDF(spark))(AddData(third, 1), CheckNewAnswer(1), CheckNewAnswer(1));
  assert.match(await messageOf(late), /=> CheckNewAnswer\(1\)$/);
});

test("an expected failure that doesn't come, and another one than expected, are failures", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const run = () => testStream(input.toDF(spark));
  assert.match(await messageOf(run()(AddData(input, 1), ExpectFailure())), /has not failed/);
  const message = await messageOf(run()(Mark(input, "failOnce"), ExpectFailure("OTHER")));
  assert.match(message, /failed with STREAM_FAILED < the source failed on purpose/);
});

test("assertions and clocks that can't be are failures", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const run = () => testStream(input.toDF(spark));
  assert.match(await messageOf(run()(AssertOnQuery("never", () => false))), /not so: never/);
  assert.match(await messageOf(run()(AdvanceManualClock(1))), /no ManualClock/);
});

test("rows are given as arrays, objects or bare values, and checked against the schema", async () => {
  await using spark = testSession();
  const input = new MemoryStream("id INT, name STRING");
  await testStream(input.toDF(spark))(
    AddData(input, [1, "a"], { name: "b", id: 2 }),
    CheckAnswer({ id: 1, name: "a" }, [2, "b"]),
  );
  assert.throws(() => input.addData(["x", "y"]), /CANNOT_ACCEPT_OBJECT_IN_TYPE/);
});

test("the end marker holds back what follows until the query is started again", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  await testStream(input.toDF(spark))(
    AddData(input, 1),
    Mark(input, "end"),
    AddData(input, 2),
    CheckAnswer(1),
    StopStream,
    StartStream(),
    CheckAnswer(1, 2),
  );
});
