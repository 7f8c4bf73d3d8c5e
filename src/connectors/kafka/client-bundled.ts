/**
 * What the build takes for `client.ts`: the same names, so that only what they need of the Kafka client is put into the package.
 * Hundreds of modules to find, read and compile are most of what a start takes.
 */
export {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  apiVersionsV3,
  Connection,
  compressionsAlgorithms,
  crc32c,
  createAPI,
  describeConfigsV4,
  endTxnV3,
  fetchV12,
  findCoordinatorV4,
  initProducerIdV4,
  listOffsetsV7,
  metadataV12,
  offsetCommitV8,
  offsetFetchV8,
  produceV9,
  protocolErrors,
  protocolErrorsCodesById,
  txnOffsetCommitV3,
  Writer,
} from "@platformatic/kafka";
