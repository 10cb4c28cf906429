/** A program that a test needs is not on this machine. */
export declare class MissingComponent extends Error {
    readonly name = "MissingComponent";
    /** The Debian package that has it. */
    readonly missing: string;
    constructor(program: string, missing: string);
}
/** The full path of a program. @throws MissingComponent naming the Debian package. */
export declare function findProgram(program: string, debianPackage: string): string;
