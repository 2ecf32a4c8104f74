/**
 * The display settings of this browser: read from the link or the store, written back when they change.
 */

import { channelDefault, fromText, toText, type ChannelDisplay, type DisplaySettings } from './displaySettings.ts';
import { linkTo, settingsInLink, withoutSettings } from './pageAddress.ts';

const STORE_KEY = 'scopestream.display';

export class Display {
  settings = $state.raw<DisplaySettings>(initial());

  change(change: Partial<DisplaySettings>): void {
    this.settings = { ...this.settings, ...change };
  }

  channel(number: number, channels: number): ChannelDisplay {
    return this.settings.channels[number] ?? channelDefault(number, channels);
  }

  changeChannel(number: number, channels: number, change: Partial<ChannelDisplay>): void {
    const next = [...this.settings.channels];
    next[number] = { ...this.channel(number, channels), ...change };
    this.change({ channels: next });
  }

  /** A link to the live page as it looks now. */
  get link(): string {
    return this.linkTo();
  }

  /** A link to the page of `hash` as it looks now. */
  linkTo(hash?: string): string {
    return linkTo(location.href, toText(this.settings), hash);
  }

  /** Keeps the settings for the next visit. A store that is full or forbidden only costs that. */
  keep(): void {
    try {
      localStorage.setItem(STORE_KEY, toText(this.settings));
    } catch {
      return;
    }
  }
}

function initial(): DisplaySettings {
  const linked = settingsInLink(location.href);
  if (linked !== undefined) {
    // Read once: what the person changes afterwards must not be undone by the next reload.
    history.replaceState(null, '', withoutSettings(location.href));
    return fromText(linked);
  }
  try {
    return fromText(localStorage.getItem(STORE_KEY) ?? '');
  } catch {
    return fromText('');
  }
}
