/** The thread in which frames are assessed: a task comes in, a report goes out, in order. */

import { parentPort, workerData } from 'node:worker_threads';
import { Assessment, type AssessmentSettings, type AssessmentTask } from './assessment.ts';

const assessment = new Assessment(workerData as AssessmentSettings);
parentPort?.on('message', (task: AssessmentTask) => parentPort?.postMessage(assessment.handle(task)));
