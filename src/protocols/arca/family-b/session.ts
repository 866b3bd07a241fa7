import { count } from '../../../base/text.js';
import type { Json } from '../../../base/annotation.js';
import { FileMessages } from '../checks/file-messages.js';
import { NewPipes } from '../checks/new-pipes.js';
import { Regions } from '../checks/shared-memory.js';
import { EMPTY_FRAME } from '../rules/framing.js';
import { FILE_REPLY_UNSOLICITED, NEW_PIPE_UNSOLICITED } from '../rules/pipes.js';
import type { Scene } from '../session/scene.js';
import { Turns } from '../session/turns.js';
import { replyLayout } from './layout.js';
import type { PipeFrame } from './message.js';

/** Joins the two directions of a session of family B, and checks its rules. */
export class PipeSession {
  private readonly scene: Scene;
  private readonly regions: Regions;
  private readonly pipes: Turns<PipeFrame>;
  private readonly files: Turns<PipeFrame>;
  private readonly newPipes: NewPipes;
  private readonly fileMessages: FileMessages;
  private firstReply: PipeFrame | null = null;
  private requests = 0;
  private replies = 0;
  private fileFrames = 0;
  private path = false;

  constructor(scene: Scene) {
    this.scene = scene;
    this.regions = new Regions(scene);
    this.newPipes = new NewPipes(scene);
    this.fileMessages = new FileMessages(scene);
    this.pipes = new Turns(scene, (m) =>
      scene.raise(NEW_PIPE_UNSOLICITED, { message: m, text: 'every NewPipeRequest was answered before' }),
    );
    this.files = new Turns(scene, (m) =>
      scene.raise(FILE_REPLY_UNSOLICITED, { message: m, text: `${m.name} with no open request` }),
    );
  }

  get generation(): string {
    if (this.fileFrames > 0) return 'B3';
    if (this.firstReply === null) return 'B1/B2';
    const reply = replyLayout(this.firstReply.payloadLength);
    return reply !== null && reply.at.pipeId >= 0 ? 'B2' : 'B1';
  }

  message(m: PipeFrame): void {
    this.scene.learn(m, m.role);
    if (m.kind === 'empty') {
      this.scene.raise(EMPTY_FRAME, { message: m, text: 'length 0: the reader takes it for the end of the stream' });
      return;
    }
    if (!m.complete) return;
    if (m.kind === 'NewPipeRequest') this.newPipe(m);
    else if (m.kind === 'NewPipeReply') this.newPipeReply(m);
    else {
      this.fileFrames++;
      if (m.kind === 'FilePipeHeader') {
        this.path = true;
        this.fileMessages.header(m);
      } else if (m.kind === 'file-request') this.fileRequest(m);
      else this.fileReply(m);
    }
  }

  gap(): void {
    this.pipes.gap();
    this.files.gap();
    this.newPipes.gap();
  }

  finish(ended: boolean): void {
    this.pipes.finish();
    this.files.finish();
    if (!ended || !this.pipes.trusted || !this.scene.whole('monitor')) return;
    this.newPipes.unanswered(this.pipes.open);
  }

  summary(): Record<string, Json> {
    return {
      generation: this.generation,
      newPipeRequests: this.requests,
      newPipeReplies: this.replies,
      fileMessages: this.fileFrames,
      open: this.pipes.open.length + this.files.open.length,
    };
  }

  describe(): string[] {
    const what =
      this.fileFrames > 0
        ? `${count(this.fileFrames, 'file message')}${this.path ? ' behind a pipe header' : ''}`
        : 'new pipes';
    return [
      `length-prefixed frames, generation ${this.generation}: ${what}`,
      `${count(this.requests, 'NewPipeRequest')}, ${count(this.replies, 'reply', 'replies')}, ${count(this.regions.count, 'region')}`,
    ];
  }

  // ---- new pipes

  private newPipe(m: PipeFrame): void {
    this.requests++;
    this.newPipes.request(m, this.pipes);
    const early = this.pipes.request(m);
    if (early !== null) this.echo(m, early);
  }

  private newPipeReply(m: PipeFrame): void {
    const { newPipes } = this;
    this.replies++;
    newPipes.replyLength(m);
    const answered = this.pipes.reply(m);
    const request = answered === 'held' ? null : answered;
    if (!m.whole) return;
    this.firstReply ??= m;
    newPipes.sameSize(m);
    if (request !== null) this.echo(request, m);
    newPipes.ring(m, request);
    this.regions.add(m, m.shmOffset, m.ringSize);
    newPipes.handedOut(m);
  }

  private echo(request: PipeFrame, reply: PipeFrame): void {
    if (this.pipes.trusted) this.newPipes.echo(request, reply);
  }

  // ---- files

  private fileRequest(m: PipeFrame): void {
    if (!this.fileMessages.request(m)) return;
    const early = this.files.request(m);
    if (early !== null) this.answer(m, early);
  }

  private fileReply(m: PipeFrame): void {
    const readable = this.fileMessages.reply(m);
    const request = this.files.reply(m);
    if (request !== null && request !== 'held' && readable) this.answer(request, m);
  }

  private answer(request: PipeFrame, m: PipeFrame): void {
    if (this.files.trusted) this.fileMessages.answer(request, m);
  }
}
