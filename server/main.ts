#!/usr/bin/env node
/** The command line. Each command's work is in a file of its own, loaded when it is asked for. */

import { Command, Option } from 'commander';
import { PROVIDERS } from '../models/executionProvider.ts';
import { isScopestreamError, messageOf } from '../pipeline/errors.ts';
import { SOURCE_KINDS } from './config/schema.ts';
import { letFramesPassTheHeap } from './heap.ts';
import { SOFTWARE_VERSION } from './packageRoot.ts';

letFramesPassTheHeap();

const program = new Command('scopestream')
  .description(
    'Streaming, real-time microscope acquisition: every raw frame kept, every enhanced pixel marked as predicted.',
  )
  .version(SOFTWARE_VERSION)
  .showHelpAfterError('(add --help for what is possible)');

function command(name: string, about: string, example: string): Command {
  return program.command(name).description(about).addHelpText('after', `\nExample:\n  $ scopestream ${example}`);
}

function withServiceOptions(service: Command): Command {
  return service
    .option('--config <file>', 'YAML file with settings (see examples/scopestream.yaml)')
    .option('--host <address>', 'address that viewers connect to')
    .option('--port <port>', 'port that viewers connect to', Number)
    .option('--model <id>', 'model that enhances')
    .addOption(new Option('--policy <policy>', 'what waits for the model').choices(['every', 'newest']))
    .option('--cells [package]', 'find and name cells, with this package or the first one that suits the frames')
    .option('--no-cells', 'look for no cells')
    .option('--record <folder>', 'record every session into this folder')
    .option('--set <key=value...>', 'any other setting, as in the file: --set viewers.maxRate=30');
}

withServiceOptions(
  command(
    'serve',
    'watch a source, enhance it and serve its viewers',
    'serve --source folder --folder /data/export --record /data/sessions',
  ),
)
  .addOption(new Option('--source <kind>', 'where frames come from').choices(SOURCE_KINDS))
  .option('--folder <folder>', 'the export folder to watch (implies --source folder)')
  .action(async (options) => exitWith((await import('./cli/serve.ts')).serveCommand(options)));

withServiceOptions(command('demo', 'serve the built-in simulated microscope', 'demo --scene fv-video'))
  .option('--scene <preset>', 'which instrument is simulated')
  .action(async (options) => exitWith((await import('./cli/serve.ts')).demoCommand(options)));

withServiceOptions(
  command(
    'replay',
    'play a recorded session, a folder of images or a stack through the live path',
    'replay /data/sessions/20261121-101500-123-folder --model lumen-mq',
  ),
)
  .argument('<path>', 'what to replay')
  .option('--rate <frames/s>', 'frames/s; 0 means as fast as the path takes them', Number)
  .option('--loop', 'begin again at the end')
  .action(async (path, options) => exitWith((await import('./cli/serve.ts')).replayCommand(path, options)));

command(
  'enhance',
  'enhance images and stacks without a server, each into one TIFF',
  'enhance /data/export --model lumen-m --out /data/enhanced',
)
  .argument('<files...>', 'images, stacks, or folders of them')
  .requiredOption('--out <folder>', 'where the enhanced TIFF files go')
  .option('--model <id>', 'model that enhances')
  .option('--folders <folder...>', 'folders with more model packages')
  .option('--sequence', 'the files are time points of one acquisition, not pictures of their own')
  .option('--json', 'print a summary with times as JSON')
  .action(async (files, options) => exitWith((await import('./cli/enhance.ts')).enhanceCommand(files, options)));

command(
  'verify',
  'check a recorded session: checksums, chain, totals, and enhanced frames recomputed from raw',
  'verify /data/sessions/20261121-101500-123-folder --all',
)
  .argument('<session>', 'folder of the session')
  .option('--all', 'recompute every enhanced frame, not only a sample')
  .option('--sample <count>', 'enhanced frames to recompute', Number)
  .option('--folders <folder...>', 'folders with more model packages')
  .option('--json', 'print JSON')
  .action(async (path, options) => exitWith((await import('./cli/verify.ts')).verifyCommand(path, options)));

command(
  'export',
  'write a recorded session for other programs',
  'export /data/sessions/20261121-101500-123-folder --format ome-tiff --what both',
)
  .argument('<session>', 'folder of the session')
  .requiredOption('--format <format>', 'ome-tiff, tiff, mp4, webm, csv or png')
  .option('--what <pixels>', 'raw, enhanced or both')
  .option('--range <from..to>', 'frames by sequence, the end not included')
  .option('--every <n>', 'every n-th frame', Number)
  .option('--out <folder>', 'where the files go')
  .option('--rate <frames/s>', 'of a movie', Number)
  .option('--window <low..high>', 'raw intensities shown as black and white')
  .option('--ffmpeg <path>', 'program that makes movies')
  .action(async (path, options) => exitWith((await import('./cli/export.ts')).exportCommand(path, options)));

command(
  'evaluate',
  'score models against a truth, beside bicubic and the best Gaussian',
  'evaluate --pairs w2s/val --low avg1 --high avg400 --half-sample --model lumen-m --out report',
)
  .option('--model <id...>', 'models to score')
  .option('--folders <folder...>', 'folders with more model packages')
  .option('--pairs <folder>', 'folder with two sub-folders of pictures of the same names')
  .option('--low <name>', 'sub-folder of the raw pictures')
  .option('--high <name>', 'sub-folder of the truth')
  .option('--half-sample', 'take every second sample of the raw pictures')
  .option('--no-fit-truth', 'the truth has the scale and offset of raw already')
  .option('--csv <file>', 'or: a CSV file with the columns raw and truth')
  .option('--simulator <preset>', 'or: simulated pairs of a preset')
  .option('--fields <count>', 'simulated specimens', Number)
  .option('--photons <count>', 'simulated photo-electrons at a bright structure', Number)
  .option('--seed <number>', 'of the first simulated specimen, or of the noise on cells', Number)
  .option('--magnification <1|2>', 'enlargement asked of simulated pairs', Number)
  .option('--provider <name>', 'execution provider; default: the fastest that works')
  .option('--two-point', 'instead: what separation is resolved, and what is invented')
  .option('--trials <count>', 'of the two-point test, at each separation', Number)
  .option('--classify', 'instead: does enhancement change what cells are taken for, and how surely')
  .option('--cells <folder>', 'labelled cells: FOLDER/CLASS/*.jpg, or fields: FOLDER/images, boxes, labels.csv')
  .option('--classifier <name...>', 'classifiers: packages, or folders of trainings of one design')
  .option('--enhance <name...>', 'colour networks that enlarge four times')
  .option('--per-arm <folder>', 'classifiers trained on the pictures of one arm each: FOLDER/ARM/TRAINING')
  .addOption(new Option('--degradation <how>', 'of the cells').choices(['clean', 'instrument', 'both']))
  .option('--instrument <name=value...>', 'changes: blurPx, whiteElectrons, readNoiseLevels, jpegQuality')
  .option('--low-side <pixels>', 'side of the low pictures: 32, 64 or 128', Number)
  .option('--without <class...>', 'classes to leave out')
  .option('--boxes <file>', 'JSON with the box of the cell in each picture')
  .option('--cell-share <share>', 'of the side that a cell spans where there is no box', Number)
  .option('--labels <file>', 'of fields: another CSV file with the columns image and wbc_class')
  .option('--margin <factor>', 'of fields: side of a cell’s picture over that of its box', Number)
  .option('--source <expression>', 'its first group is the part of a file name that names the original picture')
  .option('--blank <count>', 'cells from which pictures without a cell are made', Number)
  .option('--limit <count>', 'at most so many pairs or cells', Number)
  .option('--pictures <count>', 'pairs or changed answers shown in the report', Number)
  .option('--out <folder>', 'where the report (HTML, JSON, CSV) goes')
  .option('--json', 'print JSON')
  .action(async (options) => exitWith((await import('./cli/evaluate.ts')).evaluateCommand(options)));

command('models', 'list the models, with licence, size, provider and speed here', 'models --check')
  .option('--folders <folder...>', 'folders with more model packages')
  .option('--check', 'instead: run the test in each package on every execution provider, and compare')
  .addOption(new Option('--provider <name>', 'execution provider; default: all that may be here').choices(PROVIDERS))
  .option('--json', 'print JSON')
  .action(async (options) => exitWith((await import('./cli/models.ts')).modelsCommand(options)));

command('bench', 'measure latency, rates, ingest and memory on this computer', 'bench --model lumen-s')
  .option('--model <id>', 'model that enhances')
  .option('--viewer', 'only: what viewers cost the service, and what the page costs in a real browser')
  .option('--viewer-memory <minutes>', 'only: watch with a real browser for so long, and log what it holds', Number)
  .option('--json', 'print JSON')
  .action(async (options) => exitWith((await import('./cli/bench.ts')).benchCommand(options)));

command('doctor', 'check whether a session would run here: model, disk, folder, ports', 'doctor --folder /data/export')
  .option('--config <file>', 'YAML file with the settings of the session')
  .addOption(new Option('--source <kind>', 'where frames would come from').choices(SOURCE_KINDS))
  .option('--folder <folder>', 'the export folder that would be watched (implies --source folder)')
  .option('--model <id>', 'model that would enhance')
  .option('--record <folder>', 'folder that sessions would be recorded into')
  .option('--set <key=value...>', 'any other setting')
  .option('--json', 'print JSON')
  .action(async (options) => exitWith((await import('./cli/doctor.ts')).doctorCommand(options)));

function exitWith(code: Promise<number>): Promise<void> {
  return code.then((exitCode) => {
    process.exitCode = exitCode;
  });
}

program.parseAsync().catch((error: unknown) => {
  // Our own errors are for people; anything else is a bug, and its stack helps to find it.
  process.stderr.write(`${isScopestreamError(error) || !(error instanceof Error) ? messageOf(error) : error.stack}\n`);
  process.exitCode = 1;
});
