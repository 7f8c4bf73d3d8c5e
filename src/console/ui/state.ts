/** The page's one state: what came, how it is drawn, and what is selected. */
import { signal } from "@preact/signals";
import type { DeviceModel } from "./device-model.ts";
import { Model } from "./model.ts";
import { Pacer } from "./pacer.ts";
import { Stream } from "./stream.ts";

export const model = new Model();
export const pacer = new Pacer(() => model.publish());
export const stream = new Stream({
  snapshot(s) {
    model.snapshot(s);
    if (model.source.value === undefined) model.publish();
    else pacer.request();
  },
  tick(t) {
    model.tick(t);
    pacer.request();
  },
});

/** The device whose details are open. */
export const selected = signal<DeviceModel | undefined>();
/** The device under the pointer or the focus. */
export const pointed = signal<DeviceModel | undefined>();
