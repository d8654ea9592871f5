/** Text and bytes go as they are. */
export const rawBody = <Body>(body: Body): Body => body;
