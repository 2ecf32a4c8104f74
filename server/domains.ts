import type { Registry } from '../models/registry.ts';
import type { Domain, DomainFeature } from '../pipeline/assess/domain.ts';

/** What packages call the properties that the service measures. */
const FEATURES: Readonly<Record<string, DomainFeature>> = {
  peak_electrons: 'photonsBright',
  row_correlation: 'rowCorrelation',
  line_shift_px: 'bidirectionalOffset',
};

/** Per model id, the ranges of its training data that a session can be compared with. */
export function domainsOf({ models }: Registry): Record<string, Domain> {
  const domains: Record<string, Domain> = {};
  for (const { id, method } of models) {
    const ranges = method.kind === 'onnx' ? method.manifest.scopestream.ranges : undefined;
    if (!ranges) continue;
    const known = Object.entries(ranges).filter(([name]) => name in FEATURES);
    domains[id] = Object.fromEntries(known.map(([name, range]) => [FEATURES[name], range]));
  }
  return domains;
}
