/**
 * Which dialog is open. One at a time.
 */

export type DialogName = 'mark' | 'settings' | 'shortcuts' | 'compare';

/** A question before something that costs data. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly agreed: () => void;
}

export class Dialogs {
  open = $state<DialogName>();
  question = $state.raw<Question>();

  get any(): boolean {
    return this.open !== undefined || this.question !== undefined;
  }
}
