import { files } from "../files/index.ts";
import { sh } from "../sh/index.ts";
import { createUsers, type Users } from "./users.ts";

export {
  createUsers,
  type GroupChange,
  type User,
  type Users,
  UsersError,
  type UsersErrorCode,
  type UsersOptions,
} from "./users.ts";

/** Accounts of this machine. See {@link Users}. */
export const users: Users = createUsers({ files, sh });
