import { describe, expect, it } from 'vitest';
import { describeByName, NAME_GRAMMARS } from '../../../pipeline/source/nameGrammar.ts';

describe('file name grammar', () => {
  it.each([
    ['img_channel001_position003_time000000012_z004.tif', { index: { c: 1, t: 12, z: 4 } }],
    ['img_time000000012.tif', { index: { t: 12 } }],
    ['img_000000007_Alexa_488_002.tif', { index: { t: 7, z: 2 }, channelName: 'Alexa_488' }],
    ['EMBO_2012--empty--W0002--P001--T00027--Z000--C.tif', { index: { t: 27, z: 0 } }],
    ['image--L0000--S00--U00--V00--J15--E04--O01--X01--Y01--T0003--Z05--C01.ome.tif', { index: { t: 3, z: 5, c: 1 } }],
    ['cells_t03_z05_ch01.tif', { index: { t: 3, z: 5, c: 1 } }],
    ['cells_ch01.tif', { index: { c: 1 } }],
    ['prefix-00005_t0004_c02_z000.tif', { index: { t: 4, c: 2, z: 0 } }],
    ['00005_p0001_t0004.tif', { index: { t: 4 } }],
    ['cells_s01_t001_z02_c3_ORG.tif', { index: { t: 0, z: 1, c: 2 } }],
    ['cells_w2GFP_s1_t3.TIF', { index: { c: 1, t: 2 }, channelName: 'GFP' }],
    ['IXMtest_A12_s7_w1EAEEA614-51ED-43B3-A4FF-088730911E4C.tif', { index: { c: 0 } }],
    ['export_EAEEA614-51ED-43B3-A4FF-088730911E40.tif', {}],
    ['s_C002Z003T004.tif', { index: { c: 1, z: 2, t: 3 } }],
    ['Image_T01_Z03_C02.tiff', { index: { t: 0, z: 2, c: 1 } }],
    ['cellT004Z01C1.tif', { index: { t: 3, z: 0, c: 0 } }],
    ['C1-MAX_mitosis_t10.tif', { index: { t: 10 } }],
    ['frame_00012.png', { index: { t: 12 } }],
    ['5.tif', { index: { t: 5 } }],
    ['20261121.tif', {}],
    ['snap.jpg', {}],
    ['holiday_picture.tif', {}],
  ])('%s', (name, expected) => {
    expect(describeByName(name)).toEqual(expected);
  });

  it('reads the example of each grammar by that grammar', () => {
    for (const { example, pattern } of NAME_GRAMMARS) {
      expect(NAME_GRAMMARS.find((grammar) => grammar.pattern.test(example))?.pattern).toBe(pattern);
    }
  });

  it('takes no time on hostile names', () => {
    const hostile = `${'_t1'.repeat(80)}${'--A'.repeat(80)}${'C1'.repeat(40)}!.tif`;
    expect(describeByName(hostile)).toEqual({});
  });
});
