// A worker that integrates one update into a copy of a document, and says how long that took.

import { parentPort, workerData } from 'node:worker_threads';
import * as Y from 'yjs';

const { state, update } = workerData as { state: Uint8Array; update: Uint8Array };
const doc = new Y.Doc();
Y.applyUpdate(doc, state);
const before = process.threadCpuUsage();
Y.applyUpdate(doc, update);
const { user, system } = process.threadCpuUsage(before);
parentPort?.postMessage((user + system) / 1000);
