const nothing = () => {};

/** knex prints its warnings to the console; what matters of them is thrown as an error anyway. */
export const silent = { warn: nothing, error: nothing, debug: nothing, deprecate: nothing };
