// What the workbench remembers in this browser.
import { Storage } from '@shared/storage';

export const storage = new Storage('desk-workbench.');
