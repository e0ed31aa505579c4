import type { IConstruct } from 'constructs';
import { App } from './app';
import type { Element } from './element';
import { nameOf } from './computed';
import { nodeGroups, type NodeGroup } from './nodes';
import { storePlaces, versionUses, type StorePlace, type VersionUse } from './places';

/** What the rules see of an app. */
export class View {
  readonly app: App;
  readonly groups: readonly NodeGroup[];
  readonly places: readonly StorePlace[];
  readonly exports: readonly VersionUse[];
  readonly imports: readonly VersionUse[];

  constructor(root: IConstruct) {
    this.app = new App(root);
    this.groups = nodeGroups(this.app);
    this.places = storePlaces(this.app, this.groups);
    ({ exports: this.exports, imports: this.imports } = versionUses(this.app, this.groups));
  }

  /** A name for a message: in quotes, or whose it is. */
  show(text: string): string {
    return this.app.placeholders.show(text);
  }

  /** The name of a bucket, role or the like. */
  nameOf(element: Element): string {
    return nameOf(element, this.app.placeholders);
  }
}
