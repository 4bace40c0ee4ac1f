export class Submissions {}
