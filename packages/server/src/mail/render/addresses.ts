// Where the links of mails lead. Invariant: what is secret stands behind the #, which no browser sends and no log keeps.

export const alarmsUrl = (publicUrl: string): string => `${publicUrl}/alarms`;
/** The list of its machine, where it stands among what is open or was. */
export const alarmUrl = (publicUrl: string, machine: string, isOpen: boolean): string =>
  `${publicUrl}/alarms?${isOpen ? '' : 'list=history&'}machine=${encodeURIComponent(machine)}`;
export const acknowledgeUrl = (publicUrl: string, token: string): string =>
  `${publicUrl}/acknowledge#${token}`;
export const welcomeUrl = (publicUrl: string, token: string): string => `${publicUrl}/welcome#${token}`;
export const profileUrl = (publicUrl: string): string => `${publicUrl}/profile`;
