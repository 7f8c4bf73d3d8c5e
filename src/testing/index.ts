/** The test kit: scripted streams, a clock of one's own, a source that misbehaves on purpose. */
export {
  AddData,
  AdvanceManualClock,
  AssertOnQuery,
  CheckAnswer,
  CheckLastBatch,
  CheckNewAnswer,
  ExpectFailure,
  Mark,
  type StartOptions,
  StartStream,
  StopStream,
  type StreamAction,
} from "./actions.ts";
export { ManualClock } from "./manual-clock.ts";
export { MemoryStream } from "./memory-stream.ts";
export { type TestSessionOptions, testSession } from "./session.ts";
export { testStream } from "./test-stream.ts";
