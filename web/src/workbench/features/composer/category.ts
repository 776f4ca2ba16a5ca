// What a quick reply's category is called: those of the first set in the reader's language, the shop's own as it is.
type Translate = (key: string) => string;

const FIRST_SET = new Set(['greeting', 'product', 'after_sales', 'closing']);

export const categoryName = (t: Translate, key: string): string => (FIRST_SET.has(key) ? t(`quick.category_${key}`) : key);
