/** What others have published of the same question, with what differs from an evaluation here. */
export interface PublishedStudy {
  readonly name: string;
  readonly data: string;
  readonly arms: string;
  readonly results: string;
  /** Why a figure here must not be put beside one there without saying so. */
  readonly differences: string;
}

export const PUBLISHED: readonly PublishedStudy[] = [
  {
    name: 'Mohammad, Kausani, Tousif: Evaluating image upsampling strategies for downstream microscopy image classification (preprint, 2026)',
    data: 'blood-cell pictures at 64x64, enlarged to 224x224',
    arms: 'bicubic; SwinIR trained for fidelity; SwinIR trained as a GAN. ResNet-50 and a Vision Transformer',
    results:
      'Bicubic the worst, fidelity about equal to the original, the GAN the best and the most confident, though less like the original by PSNR and SSIM.',
    differences:
      'Networks trained on photographs, not on cells. A GAN that does better than the original has added what is typical of a class; no test without a cell is reported.',
  },
  {
    name: 'Ko, Kim: Image super-resolution on low-resolution microscopy images for enhancing white blood cell classification (2024)',
    data: 'four classes: 12,444 pictures of the Kaggle “blood cells” set; five classes: Raabin-WBC',
    arms: 'unrestored; bicubic; SRGAN; Real-ESRGAN. ResNet-50 with adaptive pooling, trained for each arm',
    results:
      'Accuracy after Real-ESRGAN 97.19 % (four classes) and 95.33 % (five: recall 90.19, precision 88.20, F1 89.18); earlier work 94.87 %; 35.21 % better than unrestored. ' +
      'PSNR 28.18 dB (SRGAN, four) and 30.50 dB (Real-ESRGAN, five), SSIM 0.919 and 0.949. Eosinophil taken for neutrophil 15 %, monocyte for lymphocyte 13 %.',
    differences:
      'The Kaggle set’s pictures are augmentations of a few hundred originals: a random split puts copies of one cell on both sides, and accuracy is then memory. ' +
      'About 5 % between training runs, and no interval is given. A classifier for each arm measures what can be told apart in its pictures, not whether they are true.',
  },
];

/** Of the data that this project trains and validates on. */
export const OWN_DATA_CAVEAT =
  'PBC (Acevedo et al. 2020) names no patients: its cells are split by picture, cells of one patient may lie on both sides, and a figure on it is optimistic. ' +
  'Fields of another lab (BCCD) are the harder and more honest test; there are few of them, and one basophil.';
