/**
 * A paragraph for the Methods section of a paper, and a checklist of what its readers ask for. Both are made from what the
 * session recorded, and say so where something was not recorded.
 *
 * Checklist after Schmied et al., "Community-developed checklists for publishing images and image analyses", Nature Methods
 * 21, 170-181 (2024), https://doi.org/10.1038/s41592-023-01987-9 (machine-learning workflows; image publishing).
 */

import type { Account } from './account.ts';
import type { ProvenanceLine } from './rows.ts';
import type { SessionConstants } from './sessionFile.ts';

export interface ChecklistItem {
  readonly item: string;
  readonly done: boolean;
  /** Where it is recorded, or what is left for the author to do. */
  readonly detail: string;
}

export function methodsParagraph({ acquisition, software }: SessionConstants, account: Account): string {
  const { sizeX, sizeY, significantBits, physicalSizeX, timeIncrement, sourceKind } = acquisition;
  const pixel = physicalSizeX === undefined ? 'pixel size not recorded' : `${physicalSizeX} µm per pixel`;
  const interval = timeIncrement === undefined ? '' : `, one frame every ${timeIncrement} s`;
  const enhanced = account.ends.enhanced?.count ?? 0;
  const superseded = account.ends.superseded?.count ?? 0;
  const corrupt = account.ends.corrupt?.count ?? 0;
  const models = distinctModels(account);

  const acquired = `${account.frames + account.missing} frames were acquired (${sizeX} x ${sizeY} pixels, ${significantBits} bit, ${pixel}${interval}; source: ${sourceKind}) and ${account.recorded} were recorded unchanged with Scopestream ${software.version}.`;
  if (models.length === 0) return `${acquired} No frame was enhanced.`;

  const madeBy = models.map(
    ({ prediction: p }) =>
      `${p.modelId} version ${p.modelVersion} (${p.gaussianSigma === undefined ? '' : `sigma ${p.gaussianSigma} pixels; `}weights SHA-256 ${p.modelSha256}; licence ${p.license}; ${p.precision}, ${p.provider})`,
  );
  const constants = account.provenances.flatMap(({ normalisation: n }) =>
    n ? [`(I - ${round(n.offset)}) / ${round(n.scale)}`] : [],
  );
  const mapped =
    constants.length === 0
      ? ''
      : ` Intensities I were mapped to the model's range by constants fixed for the session: ${[...new Set(constants)].join('; ')}.`;
  const left = `${superseded} were passed over because a newer frame had come, ${corrupt} could not be decoded, and ${account.missing} never arrived.`;
  return `${acquired} ${enhanced} frames were enhanced during acquisition by ${madeBy.join(' and ')}; ${left}${mapped} Enhanced images are predictions: they are marked as such, kept apart from the measured data, and can be recomputed from it.`;
}

export function checklist({ acquisition, software }: SessionConstants, account: Account): ChecklistItem[] {
  const models = distinctModels(account);
  const predicted = models.length > 0;
  const hasNormalisation = account.provenances.some(({ normalisation }) => normalisation !== undefined);
  const items: (ChecklistItem | false)[] = [
    {
      item: 'Original data kept, unchanged',
      done: account.recorded > 0,
      detail: `images.ome.zarr/raw, ${account.recorded} frames, SHA-256 of each in frames.jsonl`,
    },
    { item: 'Acquisition software named', done: true, detail: `Scopestream ${software.version}, ${software.platform}` },
    {
      item: 'Pixel size stated',
      done: acquisition.physicalSizeX !== undefined,
      detail: acquisition.physicalSizeX === undefined ? 'not recorded: state it' : `${acquisition.physicalSizeX} µm`,
    },
    {
      item: 'Channels named',
      done: acquisition.channels.length > 0 && acquisition.channels.every(({ name }) => name !== ''),
      detail: acquisition.channels.map(({ name }) => name).join(', ') || 'not recorded: name them',
    },
    {
      item: 'Objective stated',
      done: acquisition.lensNA !== undefined,
      detail: acquisition.lensNA === undefined ? 'not recorded: state it' : `NA ${acquisition.lensNA}`,
    },
    {
      item: 'Every frame accounted for',
      done: true,
      detail: `certificate.json: ${account.frames} arrived, ${account.missing} missing`,
    },
    predicted && {
      item: 'Enhanced images marked as predicted',
      done: true,
      detail: 'images.ome.zarr/enhanced; `predicted` in its attributes and in each provenance line',
    },
    predicted && {
      item: 'Model named, with version and hash of its weights',
      done: models.every(({ prediction }) => prediction.modelSha256 !== ''),
      detail: models.map(({ prediction: p }) => `${p.modelId} ${p.modelVersion}`).join(', '),
    },
    predicted && {
      item: 'Normalisation stated',
      done: hasNormalisation,
      detail: hasNormalisation ? 'provenance lines of frames.jsonl' : 'not recorded',
    },
    predicted && {
      item: 'Model, training data and their licences accessible',
      done: false,
      detail: "see the model's own README; cite it and deposit it with the data",
    },
    predicted && {
      item: 'Model validated on data like yours, limits discussed',
      done: false,
      detail: "see the Validation section of the model's README, and validate on a sample of your own",
    },
  ];
  return items.filter((item) => item !== false);
}

function distinctModels({ provenances }: Account): ProvenanceLine[] {
  const byHash = new Map(
    provenances.map((line) => {
      const { modelSha256, provider, gaussianSigma } = line.prediction;
      return [`${modelSha256} ${provider} ${gaussianSigma}`, line];
    }),
  );
  return [...byHash.values()];
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)));
}
