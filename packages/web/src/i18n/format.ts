// Numbers, ages and instants in words are the same on the page and in mails.
export * from '@vigie/contract/format';
