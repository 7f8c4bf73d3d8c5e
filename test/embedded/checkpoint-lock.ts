// Holds the lock of the checkpoint in argv[2] until it is killed; prints "locked".
import { lockCheckpoint } from "../../src/embedded/checkpoint/lock.ts";

const lock = lockCheckpoint(process.argv[2]);
console.log("locked");
setInterval(() => lock, 60_000);
