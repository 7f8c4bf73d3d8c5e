import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int16, int32, string, struct } from "../protocol/schema.ts";

const request = struct({
  statesFilter: field(array(string), "4+", []),
  typesFilter: field(array(string), "5+", []),
});

const response = struct({
  throttleTimeMs: field(int32, "1+", 0),
  errorCode: int16,
  groups: array(
    struct({
      groupId: string,
      protocolType: string,
      groupState: field(string, "4+", ""),
      groupType: field(string, "5+", ""),
    }),
  ),
});

export const listGroups = defineApi({
  key: 16,
  name: "ListGroups",
  versions: [0, 5],
  flexibleFrom: 3,
  request,
  response,
  handle({ broker }, { statesFilter, typesFilter }) {
    const states = statesFilter.map((state) => state.toLowerCase());
    const types = typesFilter.map((type) => type.toLowerCase());
    return {
      errorCode: ErrorCode.NONE,
      groups: broker.groups
        .list()
        .filter(({ state }) => states.length === 0 || states.includes(state.toLowerCase()))
        .filter(({ type }) => types.length === 0 || types.includes(type))
        .map(({ id, protocolType, state, type }) => ({
          groupId: id,
          protocolType: protocolType ?? "",
          groupState: state,
          groupType: type,
        })),
    };
  },
  failed: (_request, errorCode) => ({ errorCode, groups: [] }),
});
