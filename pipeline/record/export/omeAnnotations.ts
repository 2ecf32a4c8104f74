/**
 * OME's StructuredAnnotations (https://docs.openmicroscopy.org/ome-model/6.3.1/developers/structured-annotations.html): what a
 * TIFF file says of where its pixels come from. An annotation counts for the image or the planes that refer to its id.
 */

import type { Prediction } from '../../frame.ts';
import { escapeXml } from './xml.ts';

export interface OmeAnnotation {
  /** Unique in the file, without white space; `Annotation:` is put before it. */
  readonly id: string;
  readonly namespace: string;
  readonly description?: string;
  /** Keys and values (OME's MapAnnotation; those that are undefined are left out), or a text (its CommentAnnotation). */
  readonly value: Readonly<Record<string, string | number | boolean | undefined>> | string;
}

/** The element that holds all annotations of a file; empty when there are none. */
export function structuredAnnotations(annotations: readonly OmeAnnotation[]): string {
  if (annotations.length === 0) return '';
  return `<StructuredAnnotations>${annotations.map(annotationElement).join('')}</StructuredAnnotations>`;
}

/** Says inside an image or a plane that an annotation counts for it. */
export function annotationRef(id: string): string {
  return `<AnnotationRef ID="Annotation:${escapeXml(id)}"/>`;
}

function annotationElement({ id, namespace, description, value }: OmeAnnotation): string {
  const kind = typeof value === 'string' ? 'CommentAnnotation' : 'MapAnnotation';
  const about = description === undefined ? '' : `<Description>${escapeXml(description)}</Description>`;
  const content = typeof value === 'string' ? escapeXml(value) : Object.entries(value).map(mapEntry).join('');
  return [
    `<${kind} ID="Annotation:${escapeXml(id)}" Namespace="${escapeXml(namespace)}">`,
    `${about}<Value>${content}</Value></${kind}>`,
  ].join('');
}

function mapEntry([key, value]: [string, string | number | boolean | undefined]): string {
  return value === undefined ? '' : `<M K="${escapeXml(key)}">${escapeXml(String(value))}</M>`;
}

/** Says that pixels were predicted, by what and from what. `more`: whatever else was constant for them. */
export function predictionAnnotation(
  id: string,
  prediction: Prediction,
  more: Readonly<Record<string, string | number | undefined>>,
): OmeAnnotation {
  return {
    id,
    namespace: 'scopestream/prediction',
    description: 'The pixels were predicted by a model. They are not a measurement.',
    value: { ...prediction, ...more },
  };
}
